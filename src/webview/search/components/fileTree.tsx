import type { VNode } from 'preact';
import type { SearchResult } from '../../../shared/search.ts';
import type { EngineStatus } from '../../../shared/status.ts';
import { groupByFile, resultKey, type FileGroup, type Row } from '../model/rows.ts';
import type { ListView } from '../model/state.ts';
import { text } from '../text.ts';
import { fileIcon } from './fileIcon.ts';
import { HeadRow } from './headRow.tsx';
import { Icon } from '../../shared/icon.tsx';
import { historyFacts, historyIcon, historyTitle } from '../../shared/historyItem.ts';
import { ResultRow, type RowActions } from './resultRow.tsx';
import { rowId } from './treeKeys.ts';

export interface TreeContext extends RowActions {
  readonly rows: readonly Row[];
  readonly active: string | null;
  readonly multiRoot: boolean;
  readonly status: EngineStatus | null;
}

/** Folder of a path, led by the root's name where several roots are open. */
export function folderLabel(root: string, folder: string, { multiRoot, status }: TreeContext): string {
  if (!multiRoot) return folder;
  const name = status?.roots.find((other) => other.root === root)?.name ?? '';
  return [name, folder].filter((part) => part !== '').join(' • ');
}

export function FileLabel({
  icon,
  name,
  folder,
  title,
}: {
  icon: string;
  name: string;
  folder: string;
  title: string;
}) {
  return (
    <span class="file" title={title}>
      <Icon name={icon} />
      <span class="file-name">{name}</span>
      <span class="folder">
        <bdi>{folder}</bdi>
      </span>
    </span>
  );
}

/** Results grouped by file. */
export function fileTree(results: readonly SearchResult[], view: ListView, context: TreeContext): VNode[] {
  const index = new Map(context.rows.map((row, position) => [row.key, position]));
  const groups = groupByFile(results);
  const result = (group: FileGroup, item: SearchResult, position: number) => {
    const key = resultKey(item);
    return (
      <ResultRow
        key={key}
        id={rowId(index.get(key) ?? -1)}
        rowKey={key}
        result={item}
        active={key === context.active}
        explained={view.explained.includes(key)}
        position={position + 1}
        size={group.results.length}
        act={context.act}
      />
    );
  };
  return groups.map((group, position) => {
    const open = !view.collapsed.includes(group.key);
    const said = group.results[0]!.history;
    const folder =
      said === undefined
        ? folderLabel(group.root, group.folder, context)
        : folderLabel(group.root, historyFacts(said), context);
    const name = said === undefined ? group.name : historyTitle(said);
    return (
      <div key={group.key} class="group" role="none">
        <HeadRow
          id={rowId(index.get(group.key) ?? -1)}
          rowKey={group.key}
          open={open}
          active={group.key === context.active}
          members={group.results.length}
          position={position + 1}
          size={groups.length}
          label={`${name}, ${folder}, ${text.resultCount(group.results, false)}`}
        >
          <FileLabel
            icon={said === undefined ? fileIcon(group.path, group.results[0]!.language) : historyIcon(said)}
            name={name}
            folder={folder}
            title={group.path}
          />
        </HeadRow>
        {open && <div role="group">{group.results.map((item, at) => result(group, item, at))}</div>}
      </div>
    );
  });
}
