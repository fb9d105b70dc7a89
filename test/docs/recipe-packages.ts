import type { Block } from './pages.js'

/** Packages that recipes are for, and that aren't among the project's: they are installed elsewhere. */
const PACKAGES = ['@fastify/jwt', '@fastify/passport', '@fastify/websocket', 'mercurius']
/** The same for servers that speak `(req, res, next)`, which are installed in another place. */
const WEB_PACKAGES = ['passport', 'iron-session', '@nestjs/core', 'koa', 'hono']
/** The same for tests of applications. */
const KIT_PACKAGES = ['supertest', '@playwright/test']

/** True for a block that needs a package of a recipe. */
export function isRecipe (block: Block): boolean {
  return isFastifyRecipe(block) || isWebRecipe(block) || isKitRecipe(block)
}

/** True for a block that needs a package for Fastify. */
export function isFastifyRecipe (block: Block): boolean {
  return imports(block, PACKAGES)
}

/** True for a block that needs another server, or a package for it. */
export function isWebRecipe (block: Block): boolean {
  return imports(block, WEB_PACKAGES)
}

/** True for a block that needs a library for tests. */
export function isKitRecipe (block: Block): boolean {
  return imports(block, KIT_PACKAGES)
}

function imports ({ language, code }: Block, packages: readonly string[]): boolean {
  return language === 'ts' && packages.some(name => code.includes(`from '${name}'`))
}
