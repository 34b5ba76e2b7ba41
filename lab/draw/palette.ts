/**
 * Every colour of the lab, once: the pictures take them from here, and the style sheet as variables.
 *
 * What memory may do is told in the colours of Okabe and Ito, which colour-blind people can tell
 * apart, and never by the colour alone: a device is hatched, shared memory is dotted, and what PL0 may
 * use has a border.
 */

/** Light or dark. */
export type Theme = 'light' | 'dark';

/** The palette of Okabe and Ito. */
export const OKABE_ITO = {
  orange: '#e69f00',
  sky: '#56b4e9',
  green: '#009e73',
  yellow: '#f0e442',
  blue: '#0072b2',
  vermillion: '#d55e00',
  purple: '#cc79a7',
  grey: '#999999',
} as const;

/** The colours of a theme. */
export interface Colours {
  /** Behind everything, behind a panel, behind what can be pressed. */
  readonly page: string;
  readonly panel: string;
  readonly raised: string;
  /** Text, less important text, thin lines. */
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  /** What can be pressed or is selected, and text on it. */
  readonly accent: string;
  readonly onAccent: string;
  /** Text that says well or ill. */
  readonly good: string;
  readonly bad: string;
  /** A hole in a picture, and the lines of its grid. */
  readonly hole: string;
  readonly grid: string;
  /** Hatch, dots and borders in pictures. */
  readonly mark: string;
  /** What is selected in a picture, and its outer rim. */
  readonly selection: string;
  readonly rim: string;
}

const LIGHT: Colours = {
  page: '#f6f4ee',
  panel: '#fffefb',
  raised: '#ece9e0',
  ink: '#1b2230',
  quiet: '#566073',
  line: '#d9d5ca',
  accent: '#00619a',
  onAccent: '#ffffff',
  good: '#006b4e',
  bad: '#b03c00',
  hole: '#efece4',
  grid: '#dedad0',
  mark: '#1b2230',
  selection: '#1b2230',
  rim: '#ffffff',
};

const DARK: Colours = {
  page: '#0e1217',
  panel: '#161c24',
  raised: '#222a35',
  ink: '#e7ebf1',
  quiet: '#9eabbc',
  line: '#2b3440',
  accent: '#6cc0f0',
  onAccent: '#07131c',
  good: '#45cfa2',
  bad: '#ff9259',
  hole: '#1a2029',
  grid: '#262e39',
  mark: '#0b0f14',
  selection: '#ffffff',
  rim: '#0b0f14',
};

/** The colours of each theme. */
export const COLOURS: Readonly<Record<Theme, Colours>> = { light: LIGHT, dark: DARK };

/** The colours of a theme as variables of the style sheet: `--ink`, `--on-accent`, …. */
export function colourVariables(theme: Theme): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const [name, colour] of [...Object.entries(COLOURS[theme]), ...Object.entries(OKABE_ITO)]) {
    variables.set(`--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, colour);
  }
  return variables;
}

/** The fonts of text in pictures. */
export const FONTS = {
  mono: 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Consolas, monospace',
  sans: 'system-ui, "Segoe UI", "DejaVu Sans", "Helvetica Neue", sans-serif',
} as const;
