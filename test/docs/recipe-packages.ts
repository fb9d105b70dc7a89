import type { Block } from './pages.js'

/** Packages that recipes are for, and that aren't among the project's: they are installed elsewhere. */
const PACKAGES = ['@fastify/jwt', '@fastify/passport', '@fastify/websocket', 'mercurius']

/** True for a block that needs one of them. */
export function isRecipe ({ language, code }: Block): boolean {
  return language === 'ts' && PACKAGES.some(name => code.includes(`from '${name}'`))
}
