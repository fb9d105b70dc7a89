import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

/** A file of the build, with the files that it imports before it, each once. */
export function bundledFiles (file: string, before: readonly string[] = []): string[] {
  const found: string[] = [...before]
  for (const statement of sourceOf(file).statements) {
    const isLink = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)
    const specifier = isLink ? statement.moduleSpecifier : undefined
    if (specifier === undefined || !ts.isStringLiteral(specifier)) continue
    const path = join(dirname(file), specifier.text)
    if (!found.includes(path)) found.push(...bundledFiles(path, found).filter(path => !found.includes(path)))
  }
  return [...found, file]
}

/**
 * One module of several files, with less than minifiers do: no comments, no blanks, and short names for what
 * no property is called.
 */
export function minified (files: readonly string[], exported: readonly string[]): string {
  const sources = files.map(sourceOf)
  const fixed = new Set([...exported, ...sources.flatMap(source => namesIn(source, isProperty))])
  const free = (names: readonly string[]) =>
    [...new Set(names)].filter(name => !fixed.has(name) && name.length > 2)
  const statements = sources.flatMap(({ statements }) => statements)
  const outer = free(statements.flatMap(namesOf))
  const outerNames = outer.map((name, index) => [name, `$${LETTERS[index]}`] as const)
  const text = statements.map(statement => {
    const inner = free(namesIn(statement, isDeclared)).filter(name => !outer.includes(name))
    const innerNames = inner.map((name, index) => [name, LETTERS[index] ?? name] as const)
    return squeezed(statement, new Map([...outerNames, ...innerNames]))
  })
  return `${text.join('')}export{${exported.join()}}`
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

function sourceOf (file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
}

function namesOf (statement: ts.Statement): string[] {
  if (ts.isFunctionDeclaration(statement)) return [statement.name?.text ?? '']
  if (!ts.isVariableStatement(statement)) return []
  return statement.declarationList.declarations.map(({ name }) => name.getText())
}

function namesIn (node: ts.Node, isWanted: (name: ts.Identifier) => boolean): string[] {
  const found = ts.isIdentifier(node) && isWanted(node) ? [node.text] : []
  node.forEachChild(child => { found.push(...namesIn(child, isWanted)) })
  return found
}

function isDeclared (node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isBindingElement(parent)) return parent.name === node && parent.propertyName !== undefined
  return (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isFunctionDeclaration(parent)) &&
    parent.name === node
}

function isReference ({ parent, text }: ts.Identifier): boolean {
  if (ts.isPropertyAccessExpression(parent)) return parent.name.text !== text
  if (ts.isPropertyAssignment(parent)) return !ts.isIdentifier(parent.name) || parent.name.text !== text
  return !(ts.isShorthandPropertyAssignment(parent) || ts.isBindingElement(parent) ||
    ts.isMethodDeclaration(parent) || ts.isAccessor(parent))
}

function squeezed (statement: ts.Statement, names: ReadonlyMap<string, string>): string {
  let text = ''
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isJSDoc(node)) return
    if (node.kind === ts.SyntaxKind.ExportKeyword) return
    const parts = node.getChildren()
    if (parts.length > 0) return parts.forEach(visit)
    const token = node.getText()
    if (token === '}') text = text.replace(/;$/, '')
    text += /[\w$]$/.test(text) && /^[\w$]/.test(token) ? ' ' : ''
    text += ts.isIdentifier(node) ? names.get(token) ?? token : token
  }
  visit(statement)
  return text
}

/** True for the name of a property, which stands in shorthands too. */
function isProperty (name: ts.Identifier): boolean {
  return !isDeclared(name) && !isReference(name)
}
