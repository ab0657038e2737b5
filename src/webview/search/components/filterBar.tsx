import { useRef, useState } from 'preact/hooks';
import type { SearchMode } from '../../../shared/search.ts';
import type { Dispatch } from '../dispatch.ts';
import { listFilters, toggleFilter, type Filter } from '../model/filters.ts';
import type { PanelState } from '../model/state.ts';
import { text } from '../text.ts';
import { FilterPicker } from './filterPicker.tsx';
import { Icon } from '../../shared/icon.tsx';
import { Menu } from './menu.tsx';
import { filterLabel } from './filterLabel.ts';

interface FilterBarProps {
  readonly state: PanelState;
  readonly dispatch: Dispatch;
}

function ModeButton({ state, dispatch }: FilterBarProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const box = button.current?.getBoundingClientRect();
  const modes: readonly SearchMode[] = ['hybrid', 'semantic', 'keyword'];
  return (
    <>
      <button
        ref={button}
        type="button"
        class="chip mode"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={text.modeLabel(state.mode)}
        title={text.modes[state.mode].description}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {text.modes[state.mode].label}
        <Icon name="chevron-down" />
      </button>
      {open && (
        <Menu
          label={text.modeLabel(state.mode)}
          at={{ x: box?.left ?? 0, y: (box?.bottom ?? 0) + 2 }}
          items={modes.map((mode) => ({
            label: text.modes[mode].label,
            detail: text.modes[mode].description,
            checked: mode === state.mode,
            run: () => dispatch({ type: 'modeChosen', mode }),
          }))}
          onClose={() => {
            setOpen(false);
            button.current?.focus();
          }}
        />
      )}
    </>
  );
}

function Chip({ filter, onRemove }: { filter: Filter; onRemove: () => void }) {
  const label = filterLabel(filter);
  const title = filter.type === 'path' ? text.pathFilter(filter.value) : label;
  return (
    <button
      type="button"
      class="chip filter"
      title={text.removeFilter(title)}
      aria-label={text.removeFilter(title)}
      onClick={onRemove}
      onKeyDown={(event) => {
        if (event.key !== 'Delete' && event.key !== 'Backspace') return;
        event.preventDefault();
        onRemove();
      }}
    >
      <span class="chip-label">{label}</span>
      <Icon name="close" />
    </button>
  );
}

/** Mode and filters as chips; the last chip adds a filter. */
export function FilterBar({ state, dispatch }: FilterBarProps) {
  const add = useRef<HTMLButtonElement>(null);
  const bar = useRef<HTMLDivElement>(null);
  const [picking, setPicking] = useState(false);
  const filters = listFilters(state.filters);
  const toggle = (filter: Filter) => dispatch({ type: 'filtersChosen', filters: toggleFilter(state.filters, filter) });
  const box = bar.current?.getBoundingClientRect();
  return (
    <div ref={bar} class="filter-bar" role="group" aria-label={text.filtersLabel}>
      <ModeButton state={state} dispatch={dispatch} />
      {filters.map((filter) => (
        <Chip
          key={`${filter.type}:${filter.value}`}
          filter={filter}
          onRemove={() => {
            toggle(filter);
            // The chip that had the focus is about to go.
            add.current?.focus();
          }}
        />
      ))}
      <button
        ref={add}
        type="button"
        class="chip add"
        aria-haspopup="dialog"
        aria-expanded={picking}
        aria-label={text.addFilterLabel}
        title={text.addFilterLabel}
        onClick={() => setPicking(!picking)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return;
          event.preventDefault();
          setPicking(true);
        }}
      >
        <Icon name="filter" />
        {filters.length === 0 && text.addFilter}
      </button>
      {picking && (
        <FilterPicker
          state={state}
          toggle={toggle}
          at={{ x: box?.left ?? 0, y: (add.current?.getBoundingClientRect().bottom ?? 0) + 2 }}
          onClose={() => {
            setPicking(false);
            add.current?.focus();
          }}
        />
      )}
    </div>
  );
}
