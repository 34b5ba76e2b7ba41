/** Drops what is not needed from `items`, in ever smaller pieces (delta debugging). */
export async function minimise<T>(
  items: readonly T[],
  reproduces: (fewer: readonly T[]) => Promise<boolean>,
): Promise<void> {
  let kept = items;
  for (let size = Math.ceil(kept.length / 2); size >= 1 && kept.length > 0; ) {
    let dropped = false;
    for (let from = 0; from < kept.length; ) {
      const fewer = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (await reproduces(fewer)) {
        kept = fewer;
        dropped = true;
      } else from += size;
    }
    if (size === 1 && !dropped) return;
    size = dropped ? Math.min(size, Math.max(1, kept.length)) : Math.floor(size / 2);
  }
}
