/** The four steps of the tour. */

interface TourStep {
  readonly title: string;
  readonly text: string;
}

/** The tour. */
export const TOUR: readonly [TourStep, ...TourStep[]] = [
  {
    title: 'All of 4 GiB in one picture',
    text: 'An ARMv7 root table has 4096 entries: 64 × 64 cells of 1 MiB. Blue can be written, green executed, grey only read; what is hatched is a device, what has a border a program may use. Vermillion is both writable and executable, and a mistake.',
  },
  {
    title: 'Go in',
    text: 'Press a cell to see the table behind it, 16 × 16 pages of 4 KiB, and then the bits of one entry. W and S zoom, A and D pan, Esc goes up again. The slash goes to an address or a name.',
  },
  {
    title: 'Ask why',
    text: 'Walk follows one address through the tables, gate by gate, and shows the one that refuses. VA ↔ PA shows which memory is behind which addresses. Nothing on these screens is drawn by hand: it is what the library answers.',
  },
  {
    title: 'Bring your own',
    text: 'Drop a snapshot, a dump or a layout anywhere on the page. It is read here and goes nowhere. Below every screen stands the command that answers the same in a terminal, and the address of the page is always a link to what you see.',
  },
];
