import type { ComponentChildren } from 'preact';

export function Icon({ name }: { name: string }) {
  return <i class={`codicon codicon-${name}`} aria-hidden="true" />;
}

interface IconButtonProps {
  readonly icon: string;
  readonly label: string;
  readonly onClick: (event: MouseEvent) => void;
  /** Reached by arrow keys or a menu instead of Tab. */
  readonly skipTab?: boolean;
  readonly pressed?: boolean;
  readonly class?: string;
}

/** A button that shows only a codicon, as in VS Code's tool bars. */
export function IconButton({ icon, label, onClick, skipTab, pressed, class: extra = '' }: IconButtonProps) {
  return (
    <button
      type="button"
      class={`icon-button ${extra}`}
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      tabIndex={skipTab === true ? -1 : 0}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick: () => void;
  readonly secondary?: boolean;
}

export function Button({ children, onClick, secondary }: ButtonProps) {
  return (
    <button type="button" class={secondary === true ? 'button secondary' : 'button'} onClick={onClick}>
      {children}
    </button>
  );
}
