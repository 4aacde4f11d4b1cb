/** A choice of one of a few options side by side, by mouse and by arrow keys. */

import * as React from 'react';

interface IChoiceProps<T extends string> {
  label: string;
  /** Values and their words. */
  all: [T, string][];
  chosen: T;
  onChoose: (value: T) => void;
}

export function Choice<T extends string>({ label, all, chosen, onChoose }: IChoiceProps<T>): JSX.Element {
  const host = React.useRef<HTMLSpanElement>(null);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step) {
      event.preventDefault();
      const next = (all.findIndex(([value]) => value === chosen) + step + all.length) % all.length;
      onChoose(all[next][0]);
      host.current?.querySelectorAll('button')[next].focus();
    }
  };
  return (
    <span className="wb-Choice" role="radiogroup" aria-label={label} ref={host} onKeyDown={onKeyDown}>
      {all.map(([value, word]) => (
        <button
          key={value}
          type="button"
          role="radio"
          aria-checked={value === chosen}
          tabIndex={value === chosen ? 0 : -1}
          onClick={() => value !== chosen && onChoose(value)}
        >
          {word}
        </button>
      ))}
    </span>
  );
}
