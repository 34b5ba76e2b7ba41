/** What a drop holds: its files, and those in its folders. */

import type { DroppedFile } from '../data/read-drop.js';
import { filesOf } from './sources.js';

/** Files that are taken from folders: a reader who drops his home means something else. */
const MOST_FILES = 65;

/** The files of a drop, with their paths. */
export async function droppedFiles(data: DataTransfer | null): Promise<DroppedFile[]> {
  if (data === null) return [];
  const plain = filesOf(data.files);
  const entries = [...data.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  if (!entries.some((entry) => entry.isDirectory)) return plain;
  const files: DroppedFile[] = [];
  for (const entry of entries) await takeEntry(entry, files);
  return files;
}

async function takeEntry(entry: FileSystemEntry, files: DroppedFile[]): Promise<void> {
  if (files.length >= MOST_FILES) return;
  if (isFile(entry)) {
    const blob = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    files.push({ path: entry.fullPath.replace(/^\//, ''), blob });
  } else if (isFolder(entry)) {
    const reader = entry.createReader();
    // A folder is told in parts; the last one is empty.
    for (;;) {
      const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (part.length === 0 || files.length >= MOST_FILES) return;
      for (const each of part) await takeEntry(each, files);
    }
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
