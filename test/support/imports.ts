import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';

/** What one source file asks of the world outside it. */
export interface FileUse {
  /** Module specifiers: imports, re-exports, dynamic imports and `import('…')` types. */
  readonly specifiers: readonly string[];
  /** Those of them that are loaded when the file runs: not the imports of types alone. */
  readonly loaded: readonly string[];
  /** Names from `NODE_GLOBALS` that the file uses and does not declare. */
  readonly nodeGlobals: readonly string[];
}

/** Every .ts and .tsx file under `folder`, as a sorted list of paths with `/`. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .sort();
}

/** @throws Error when the file does not parse, or imports a name worked out at run time. */
export function readUse(file: string): FileUse {
  return useOf(file, readFileSync(file, 'utf8'));
}

/** As `readUse`, for a text. */
export function useOf(file: string, text: string): FileUse {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const specifiers = new Set<string>();
  const loaded = new Set<string>();
  const declared = new Set<string>();
  const used = new Set<string>();

  const addSpecifier = (source: unknown, isType: boolean): void => {
    if (!isNode(source) || typeof source['value'] !== 'string') {
      throw new Error(`${file}: an import whose module is not a string literal`);
    }
    specifiers.add(source['value']);
    if (!isType) loaded.add(source['value']);
  };

  const visit = (value: unknown, parent: Node | undefined, key: string): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, parent, key);
      return;
    }
    if (!isNode(value)) return;
    switch (value.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'ImportExpression':
      case 'TSImportType':
        addSpecifier(value['source'], isTypeOnly(value));
        break;
      case 'ExportNamedDeclaration':
        if (value['source']) addSpecifier(value['source'], isTypeOnly(value));
        break;
      case 'Identifier': {
        const name = value['name'] as string;
        if (!NODE_GLOBALS.has(name)) break;
        if (isDeclaration(parent, key)) declared.add(name);
        else if (!isPropertyName(parent, key)) used.add(name);
        break;
      }
    }
    for (const [childKey, child] of Object.entries(value)) visit(child, value, childKey);
  };
  visit(program, undefined, '');
  return {
    specifiers: [...specifiers],
    loaded: [...loaded],
    nodeGlobals: [...used].filter((name) => !declared.has(name)),
  };
}

const NODE_GLOBALS: ReadonlySet<string> = new Set([
  'process',
  'Buffer',
  'global',
  'require',
  '__dirname',
  '__filename',
  'setImmediate',
  'clearImmediate',
]);

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** Nothing is loaded for it. */
function isTypeOnly(statement: Node): boolean {
  return (
    [statement['importKind'], statement['exportKind']].includes('type') ||
    statement.type === 'TSImportType'
  );
}

/** The name is bound here: a variable, a parameter, a function, a class, an import. */
function isDeclaration(parent: Node | undefined, key: string): boolean {
  return (
    key === 'params' ||
    key === 'id' ||
    key === 'local' ||
    (parent?.type === 'AssignmentPattern' && key === 'left') ||
    (parent?.type === 'ArrayPattern' && key === 'elements')
  );
}

/** `a.process`, `{ process: 1 }` and a member called `process` are not the global. */
function isPropertyName(parent: Node | undefined, key: string): boolean {
  return (key === 'property' || key === 'key') && parent?.['computed'] !== true;
}
