/** What tells a scenario from other texts, before it is parsed. */

const TOP_KEY = /^(?:domains|steps):/m;

/** Whether a text means to be a scenario: it speaks of domains or steps at its top. */
export function isScenarioText(text: string): boolean {
  return TOP_KEY.test(text);
}
