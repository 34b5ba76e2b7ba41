/** A view whose code is read when somebody first goes to its screen. */

import type { ComponentType, JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { ScreenProps } from './screen.js';
import { tell } from './state.js';

/** The view that `load` gives, once it has; what goes wrong is told. */
export function lazyView(
  load: () => Promise<ComponentType<ScreenProps>>,
): ComponentType<ScreenProps> {
  let known: ComponentType<ScreenProps> | undefined;
  return function LazyView(props: ScreenProps): JSX.Element {
    const [, setLoaded] = useState(known !== undefined);
    useLayoutEffect(() => {
      if (known !== undefined) return;
      load().then((view) => {
        known = view;
        setLoaded(true);
      }, tell);
    }, []);
    const View = known;
    return View === undefined ? <p class="busy">One moment…</p> : <View {...props} />;
  };
}
