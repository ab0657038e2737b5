import type { VNode } from 'preact';
import type { DuplicateGroup, DuplicateMember } from '../../../shared/search.ts';
import { lineRange, percent } from '../../shared/format.ts';
import { groupKey, memberKey, splitPath } from '../model/rows.ts';
import { text } from '../text.ts';
import { FileLabel, folderLabel, type TreeContext } from './fileTree.tsx';
import { HeadRow } from './headRow.tsx';
import { IconButton } from '../../shared/icon.tsx';
import { rowId } from './treeKeys.ts';

function groupName(group: DuplicateGroup): string {
  const names = [...new Set(group.members.map((member) => member.symbol).filter((symbol) => symbol !== ''))];
  return names.join(', ');
}

/** Groups of places that are as good as equal. */
export function duplicateTree(groups: readonly DuplicateGroup[], context: TreeContext): VNode[] {
  const index = new Map(context.rows.map((row, position) => [row.key, position]));
  const isOpen = (key: string) => context.rows[index.get(key) ?? -1]?.open === true;
  const member = (item: DuplicateMember, group: number, position: number, size: number) => {
    const key = memberKey(group, item);
    const { name, folder } = splitPath(item.path);
    return (
      <div
        key={key}
        id={rowId(index.get(key) ?? -1)}
        class={key === context.active ? 'row member active' : 'row member'}
        role="treeitem"
        aria-level={2}
        aria-selected={key === context.active}
        aria-posinset={position + 1}
        aria-setsize={size}
        aria-label={`${item.symbol} ${item.path}, ${text.lines(lineRange(item))}`}
        data-key={key}
      >
        <FileLabel icon="file-code" name={name} folder={folderLabel(item.root, folder, context)} title={item.path} />
        <span class="lines">{lineRange(item)}</span>
        <span class="actions">
          <IconButton icon="combine" label={text.findSimilar} skipTab onClick={() => context.act(key, 'similar')} />
          <IconButton
            icon="split-horizontal"
            label={text.openToSide}
            skipTab
            onClick={() => context.act(key, 'side')}
          />
        </span>
      </div>
    );
  };
  return groups.map((group, at) => {
    const key = groupKey(at);
    const name = groupName(group);
    const open = isOpen(key);
    return (
      <div key={key} class="group" role="none">
        <HeadRow
          id={rowId(index.get(key) ?? -1)}
          rowKey={key}
          open={open}
          active={key === context.active}
          members={group.members.length}
          position={at + 1}
          size={groups.length}
          label={`${name}, ${percent(group.score)}, ${text.places(group.members.length)}`}
        >
          <span class="file" title={name}>
            <span class="file-name">{name === '' ? text.places(group.members.length) : name}</span>
          </span>
          <span class="lines">{percent(group.score)}</span>
        </HeadRow>
        {open && (
          <div role="group">
            {group.members.map((item, position) => member(item, at, position, group.members.length))}
          </div>
        )}
      </div>
    );
  });
}
