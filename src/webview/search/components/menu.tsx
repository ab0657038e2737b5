import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../../shared/icon.tsx';

export interface MenuItem {
  readonly label: string;
  readonly detail?: string;
  readonly keys?: string;
  /** Set for a choice of one; drawn with a check mark. */
  readonly checked?: boolean;
  readonly separated?: boolean;
  readonly run: () => void;
}

interface PopupProps {
  /** Preferred place of the top left corner, in pixels of the window; moved to where it fits. */
  readonly at: { readonly x: number; readonly y: number };
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly class?: string;
}

/** A floating box that closes when anything outside of it is pressed or the window loses the focus. */
export function Popup({ at, onClose, children, class: extra = '' }: PopupProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const { width, height } = element.getBoundingClientRect();
    const margin = 4;
    element.style.left = `${Math.max(margin, Math.min(at.x, innerWidth - width - margin))}px`;
    element.style.top = `${Math.max(margin, Math.min(at.y, innerHeight - height - margin))}px`;
  }, [at.x, at.y]);
  useEffect(() => {
    const outside = (event: Event) => {
      if (!(event.target instanceof Node && box.current?.contains(event.target))) onClose();
    };
    document.addEventListener('pointerdown', outside, true);
    window.addEventListener('blur', onClose);
    window.addEventListener('resize', onClose);
    return () => {
      document.removeEventListener('pointerdown', outside, true);
      window.removeEventListener('blur', onClose);
      window.removeEventListener('resize', onClose);
    };
  }, [onClose]);
  return (
    <div ref={box} class={`popup ${extra}`}>
      {children}
    </div>
  );
}

interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly at: { readonly x: number; readonly y: number };
  /** Called after a choice, Escape or a press elsewhere; the caller gives the focus back. */
  readonly onClose: (reason: 'chosen' | 'dismissed') => void;
}

/** A menu as VS Code draws it: arrows, Home, End, first letters, Enter, Escape. */
export function Menu({ label, items, at, onClose }: MenuProps) {
  const list = useRef<HTMLDivElement>(null);
  const entries = () => [...(list.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
  useLayoutEffect(() => {
    const checked = items.findIndex((item) => item.checked === true);
    entries()[Math.max(0, checked)]?.focus();
  }, []);
  const dismiss = () => onClose('dismissed');
  const onKeyDown = (event: KeyboardEvent) => {
    const all = entries();
    const next = menuTarget(event.key, all, all.indexOf(document.activeElement as HTMLElement));
    if (next !== null) next.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') dismiss();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const choosing = items.some((item) => item.checked !== undefined);
  return (
    <Popup at={at} onClose={dismiss} class="menu">
      <div ref={list} role="menu" aria-label={label} onKeyDown={onKeyDown}>
        {items.map((item) => (
          <button
            key={item.label}
            type="button"
            role={choosing ? 'menuitemradio' : 'menuitem'}
            aria-checked={item.checked}
            class={item.separated === true ? 'menu-item separated' : 'menu-item'}
            tabIndex={-1}
            onPointerMove={(event) => event.currentTarget.focus()}
            onClick={() => {
              onClose('chosen');
              item.run();
            }}
          >
            {choosing && <span class="menu-check">{item.checked === true && <Icon name="check" />}</span>}
            <span class="menu-label">{item.label}</span>
            {item.detail !== undefined && <span class="menu-detail">{item.detail}</span>}
            {item.keys !== undefined && <span class="menu-keys">{item.keys}</span>}
          </button>
        ))}
      </div>
    </Popup>
  );
}

function menuTarget(key: string, all: readonly HTMLElement[], at: number): HTMLElement | null {
  const cycle = (index: number) => all[(index + all.length) % all.length] ?? null;
  if (key === 'ArrowDown') return cycle(at + 1);
  if (key === 'ArrowUp') return cycle(at - 1);
  if (key === 'Home') return cycle(0);
  if (key === 'End') return cycle(-1);
  if (key.length !== 1 || key === ' ') return null;
  const starts = (entry: HTMLElement) => entry.textContent.toLowerCase().startsWith(key.toLowerCase());
  return all.slice(at + 1).find(starts) ?? all.find(starts) ?? null;
}
