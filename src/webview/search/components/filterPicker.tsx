import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { hasFilter, looksLikePath, normalizePath, type Filter } from '../model/filters.ts';
import { indexedLanguages } from '../model/progress.ts';
import type { PanelState } from '../model/state.ts';
import { symbolIcon } from '../symbolIcons.ts';
import { text } from '../text.ts';
import { filterLabel } from './filterLabel.ts';
import { Icon } from '../../shared/icon.tsx';
import { Popup } from './menu.tsx';

interface FilterPickerProps {
  readonly state: PanelState;
  readonly toggle: (filter: Filter) => void;
  readonly at: { readonly x: number; readonly y: number };
  readonly onClose: () => void;
}

interface Option {
  readonly filter: Filter;
  readonly label: string;
}

/** What fits the typed text: names that contain it, and the text itself as a path to search in or to leave out. */
function filterOptions(state: PanelState, typed: string): Option[] {
  const wanted = typed.trim().toLowerCase();
  // The status follows the index; the facets are those of the moment when the panel was opened.
  const languages = new Set([...indexedLanguages(state.host.status), ...state.facets.languages]);
  const all: Filter[] = [
    { type: 'scope', value: 'code' },
    { type: 'scope', value: 'docs' },
    { type: 'scope', value: 'commits' },
    ...[...languages].map((value): Filter => ({ type: 'language', value })),
    ...state.facets.kinds.map((value): Filter => ({ type: 'kind', value })),
    ...(state.filters.paths ?? []).map((value): Filter => ({ type: 'path', value })),
  ];
  const named = all
    .map((filter): Option => ({ filter, label: filterLabel(filter) }))
    .filter(({ filter, label }) => [label, filter.value].some((name) => name.toLowerCase().includes(wanted)));
  const path = normalizePath(typed);
  if (path === '' || path === '!') return named;
  const paths: Option[] = [path, ...(path.startsWith('!') ? [] : [`!${path}`])].map((value) => ({
    filter: { type: 'path', value },
    label: text.pathFilter(value),
  }));
  return looksLikePath(typed) ? [...paths, ...named] : [...named, ...paths];
}

const optionId = (index: number) => `filter-option-${index}`;

/** A small quick pick: type to narrow, Enter or a click sets and unsets, Escape closes. */
export function FilterPicker({ state, toggle, at, onClose }: FilterPickerProps) {
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const options = filterOptions(state, typed);
  const index = Math.min(active, options.length - 1);
  useLayoutEffect(() => input.current?.focus(), []);
  useLayoutEffect(() => document.getElementById(optionId(index))?.scrollIntoView({ block: 'nearest' }), [index]);

  const choose = (option: Option | undefined) => {
    if (option === undefined) return;
    toggle(option.filter);
    if (option.filter.type === 'path') setTyped('');
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown') setActive((index + 1) % Math.max(1, options.length));
    else if (event.key === 'ArrowUp') setActive((index - 1 + options.length) % Math.max(1, options.length));
    else if (event.key === 'Enter') choose(options[index]);
    else if (event.key === 'Escape' || event.key === 'Tab') onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <Popup at={at} onClose={onClose} class="picker">
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="filter-options"
        aria-activedescendant={optionId(index)}
        aria-label={text.addFilterLabel}
        placeholder={text.filterPlaceholder}
        spellcheck={false}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id="filter-options" role="listbox" aria-multiselectable="true" aria-label={text.addFilterLabel}>
        {options.map((option, at) => (
          <PickerOption
            key={`${option.filter.type}:${option.filter.value}`}
            id={optionId(at)}
            option={option}
            active={at === index}
            checked={hasFilter(state.filters, option.filter)}
            heading={options[at - 1]?.filter.type === option.filter.type ? null : text.filterGroups[option.filter.type]}
            onChoose={() => choose(option)}
          />
        ))}
        {options.length === 0 && <div class="picker-empty dim">{text.noSuchFilter}</div>}
      </div>
    </Popup>
  );
}

interface PickerOptionProps {
  readonly id: string;
  readonly option: Option;
  readonly active: boolean;
  readonly checked: boolean;
  readonly heading: string | null;
  readonly onChoose: () => void;
}

function PickerOption({ id, option, active, checked, heading, onChoose }: PickerOptionProps) {
  const { filter, label } = option;
  return (
    <>
      {heading !== null && (
        <div class="picker-heading" aria-hidden="true">
          {heading}
        </div>
      )}
      <div
        id={id}
        class={active ? 'picker-option active' : 'picker-option'}
        role="option"
        aria-selected={checked}
        // The focus stays in the text field.
        onPointerDown={(event) => event.preventDefault()}
        onClick={onChoose}
      >
        <span class="menu-check">{checked && <Icon name="check" />}</span>
        {filter.type === 'kind' && <i class={symbolIcon(filter.value)} aria-hidden="true" />}
        <span class="menu-label">{label}</span>
      </div>
    </>
  );
}
