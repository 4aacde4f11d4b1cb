/** Tabs of a view, by mouse and by arrow keys. */

import * as React from 'react';

interface ITabsProps {
  /** Unique on the page. */
  id: string;
  /** Id, label and content of each. */
  tabs: [string, string, () => JSX.Element][];
}

export function Tabs({ id, tabs }: ITabsProps): JSX.Element {
  const [chosen, setChosen] = React.useState(tabs[0][0]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step) {
      const index = tabs.findIndex(([name]) => name === chosen);
      const next = tabs[(index + step + tabs.length) % tabs.length][0];
      setChosen(next);
      document.getElementById(`wb-tab-${id}-${next}`)?.focus();
    }
  };
  return (
    <>
      <div className="wb-Tabs" role="tablist" onKeyDown={onKeyDown}>
        {tabs.map(([name, label]) => (
          <button
            key={name}
            id={`wb-tab-${id}-${name}`}
            role="tab"
            aria-selected={name === chosen}
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => setChosen(name)}
          >
            {label}
          </button>
        ))}
      </div>
      <div className="wb-RunView-body" role="tabpanel" aria-labelledby={`wb-tab-${id}-${chosen}`}>
        {tabs.find(([name]) => name === chosen)![2]()}
      </div>
    </>
  );
}
