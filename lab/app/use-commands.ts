import { useEffect } from 'preact/hooks';
import { type Commands, commands } from './keys.js';

/** Lets keys do something while a screen is shown. */
export function useCommands(given: Commands): void {
  useEffect(() => {
    commands.value = given;
    return () => {
      if (commands.peek() === given) commands.value = {};
    };
  });
}
