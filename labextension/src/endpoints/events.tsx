/** What happened to an endpoint, newest first. */

import * as React from 'react';

import { Empty } from '../components/common';
import { ago } from '../components/format';
import { IEndpointTabProps } from './props';

export function EventsTab({ endpoint, trans }: IEndpointTabProps): JSX.Element {
  if (endpoint.events.length === 0) {
    return <Empty>{trans.__('Nothing happened yet.')}</Empty>;
  }
  return (
    <table className="wb-Table wb-Events" aria-label={trans.__('Events')}>
      <tbody>
        {endpoint.events.map((event, index) => (
          <tr key={`${event.t}-${index}`}>
            <th scope="row">
              <time dateTime={new Date(event.t * 1000).toISOString()} title={new Date(event.t * 1000).toLocaleString()}>
                {ago(event.t)}
              </time>
            </th>
            <td>{event.text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
