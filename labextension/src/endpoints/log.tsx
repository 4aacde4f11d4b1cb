/** What an endpoint's replicas printed. */

import * as React from 'react';

import { LogPane, ReadLog } from '../components/logs';
import { useSeen } from '../components/polled';
import { IEndpointTabProps } from './props';

export function EndpointLog({ endpoint, model, widget, trans }: IEndpointTabProps): JSX.Element {
  const isSeen = useSeen(widget);
  const read = React.useCallback<ReadLog>(
    (start, count, wanted) => model.api.serving.log(endpoint.name, start, count, wanted),
    [model, endpoint.name]
  );
  return <LogPane read={read} isLive={isSeen} nothing={trans.__('Its models have printed nothing.')} trans={trans} />;
}
