import type { ComponentChildren } from 'preact';
import { count } from '../../shared/format.ts';
import { Icon } from '../../shared/icon.tsx';

interface HeadRowProps {
  readonly id: string;
  readonly rowKey: string;
  readonly open: boolean;
  readonly active: boolean;
  readonly members: number;
  readonly position: number;
  readonly size: number;
  readonly label: string;
  readonly children: ComponentChildren;
}

/** First level of the tree: a file with its results, or a group of duplicates. */
export function HeadRow(props: HeadRowProps) {
  const { id, rowKey, open, active, members, position, size, label, children } = props;
  return (
    <div
      id={id}
      class={active ? 'row head-row active' : 'row head-row'}
      role="treeitem"
      aria-level={1}
      aria-selected={active}
      aria-expanded={open}
      aria-posinset={position}
      aria-setsize={size}
      aria-label={label}
      data-key={rowKey}
    >
      <Icon name={open ? 'chevron-down' : 'chevron-right'} />
      {children}
      <span class="count">{count(members)}</span>
    </div>
  );
}
