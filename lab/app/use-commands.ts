import { useLayoutEffect } from 'preact/hooks';
import { type Commands, commands } from './keys.js';

/** Lets keys do something while a screen is shown, from the moment that it is. */
export function useCommands(given: Commands): void {
  useLayoutEffect(() => {
    commands.value = given;
    return () => {
      if (commands.peek() === given) commands.value = {};
    };
  });
}
