import { dirname, join } from 'node:path'
import ts from 'typescript'
import type { Block } from './pages.js'
import { ROOT } from '../root.js'

/** What the compiler knows of some blocks of code. */
export interface Compiled {
  readonly faults: readonly string[]
  /** The names of an exported type's properties. A name in `nested` stands for those below it, as `a.b`. */
  propertiesOf (door: string, type: string, nested?: readonly string[]): string[]
  /** The texts of an exported union, or of one property of a union. */
  textsOf (door: string, type: string, property?: string): string[]
}

/** Compiles blocks in one program, each as a module beside its page. Packages are those of `home`. */
export function compiled (blocks: readonly Block[], home = ROOT): Compiled {
  const modules = new Map(blocks.map(block => [pathOf(block, home), block.code]))
  const { options, host } = surroundings(modules, home)
  const program = ts.createProgram([...modules.keys()], options, host)
  const checker = program.getTypeChecker()

  function exported (door: string, name: string): ts.Type {
    const file = program.getSourceFile(join(ROOT, 'dist', `${door}.d.ts`))
    const module = file && checker.getSymbolAtLocation(file)
    const symbol = module && checker.getExportsOfModule(module).find(symbol => symbol.name === name)
    if (symbol === undefined) throw new Error(`${door} exports no type ${name}`)
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0
    return checker.getDeclaredTypeOfSymbol(isAlias ? checker.getAliasedSymbol(symbol) : symbol)
  }

  function namesIn (type: ts.Type, nested: readonly string[], outer = ''): string[] {
    return type.getProperties().flatMap(property => {
      const name = `${outer}${property.name}`
      if (!nested.includes(name)) return [name]
      return namesIn(checker.getNonNullableType(checker.getTypeOfSymbol(property)), nested, `${name}.`)
    })
  }

  return {
    faults: ts.getPreEmitDiagnostics(program).map(diagnostic => faultOf(diagnostic, home)),

    propertiesOf: (door, name, nested = []) => namesIn(exported(door, name), nested),

    textsOf (door, name, property) {
      const type = exported(door, name)
      const parts = type.isUnion() ? type.types : [type]
      const propertyOf = (part: ts.Type): ts.Type[] => {
        const found = checker.getPropertyOfType(part, property ?? '')
        return found === undefined ? [] : [checker.getTypeOfSymbol(found)]
      }
      const types = property === undefined ? parts : parts.flatMap(propertyOf)
      return types.flatMap(type => type.isStringLiteral() ? [type.value] : [])
    }
  }
}

function pathOf ({ page, line }: Block, home: string): string {
  return join(home, `${page.replace(/\.md$/, '')}.${line}.ts`)
}

/** Files of the disk, and beside them the modules, which are nowhere else. */
function surroundings (modules: ReadonlyMap<string, string>, home: string) {
  const config = ts.getParsedCommandLineOfConfigFile(join(ROOT, 'tsconfig.json'), {}, {
    ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {}
  })
  const options: ts.CompilerOptions = {
    ...config?.options,
    // Those of NestJS.
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    noUnusedLocals: false,
    noEmit: true,
    incremental: false,
    composite: false,
    typeRoots: [join(ROOT, 'node_modules', '@types')]
  }
  const disk = ts.createCompilerHost(options)
  const folders = new Set([...modules.keys()].map(path => dirname(path)))
  const host: ts.CompilerHost = {
    ...disk,
    getCurrentDirectory: () => home,
    fileExists: path => modules.has(path) || disk.fileExists(path),
    readFile: path => modules.get(path) ?? disk.readFile(path),
    directoryExists: path => folders.has(path) || (disk.directoryExists?.(path) ?? true),

    getSourceFile (path, languageVersion, ...rest) {
      const code = modules.get(path)
      return code === undefined
        ? disk.getSourceFile(path, languageVersion, ...rest)
        : ts.createSourceFile(path, code, languageVersion)
    }
  }
  return { options, host }
}

function faultOf ({ file, start = 0, messageText }: ts.Diagnostic, home: string): string {
  const text = ts.flattenDiagnosticMessageText(messageText, ' ')
  if (file === undefined) return text
  const { line } = file.getLineAndCharacterOfPosition(start)
  return `${file.fileName.slice(home.length + 1)}, line ${line + 1} of the block: ${text}`
}
