import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { applicationFolder, copyPackages, linkPackages, packagesIn } from './application-folder.js'
import { block, blocks, page, transpiled, type Block } from './pages.js'
import { compiled } from './program.js'
import { isWebRecipe } from './recipe-packages.js'
import { enrolled, expressServer, next, started, tellStory } from './running-server.js'

const { WEB_RECIPES = '' } = process.env
const PAGE = 'docs/express.md'
/** What an application has beside the package, and beside what the recipes are for. */
const OURS = [
  'express', 'express-session', '@types/express', '@types/express-serve-static-core', '@types/express-session',
  '@types/node'
]

/** What a site of SvelteKit has beside its routes. */
const KIT = [
  `// svelte.config.js
  import adapter from '@sveltejs/adapter-node'
  export default { kit: { adapter: adapter() } }`,
  `// vite.config.js
  import { sveltekit } from '@sveltejs/kit/vite'
  export default { plugins: [sveltekit()] }`,
  '<!-- src/app.html --><!doctype html><head>%sveltekit.head%</head><body>%sveltekit.body%</body>',
  '<!-- src/routes/vault/+page.svelte --><script>let { data } = $props()</script><p>{data.vault}</p>'
]

/** What only Next.js needs. */
const OF_NEXT = /^(?:next|react|react-dom|sharp|@next\/.*|@img\/.*|@swc\/.*)$/

/** A folder outside the project, as of a team that has installed the rest of it. */
function teamFolder (t: Test): string {
  const folder = applicationFolder(t, OURS)
  const others = packagesIn(WEB_RECIPES).filter(name => !OURS.includes(name) && !OF_NEXT.test(name))
  copyPackages(folder, WEB_RECIPES, others)
  return folder
}

t.test('the recipes for Express and others', {
  skip: WEB_RECIPES === '' && 'needs WEB_RECIPES, a node_modules with the packages that the recipes are for'
}, async t => {
  const folder = teamFolder(t)

  t.test('they compile', async t => {
    t.strictSame(compiled(blocks.filter(isWebRecipe), folder).faults, [])
  })

  t.test('passport', async t => {
    const code = expressServer(block(PAGE, 'keepSessionInfo: true').code)
    const ask = await started(t, folder, code)
    const login = async () => await ask('POST', '/login', { username: 'alice', password: 'secret' })
    t.match(await ask('GET', '/vault'), { status: 401 })
    t.match(await login(), { status: 200, json: { identity: 'alice' } })
    t.match(await ask('GET', '/vault'), { status: 403, json: { code: 'ERR_TOTP_NOT_ENROLLED' } })
    const phone = await enrolled(ask)
    t.match(await ask('GET', '/vault'), { status: 200 })
    await login()
    t.match(await ask('GET', '/vault'), { status: 403, json: { code: 'ERR_TOTP_CHALLENGE_REQUIRED' } })
    t.match(await ask('POST', '/totp/challenges', { code: phone.code(next()) }), { status: 200 })
    t.match(await ask('GET', '/vault'), { status: 200 })
    t.match(await ask('POST', '/logout'), { status: 204 })
    t.match(await ask('GET', '/vault'), { status: 401 })
  })

  t.test('iron-session', async t => {
    await tellStory(t, await started(t, folder, expressServer(block(PAGE, 'type IronSession').code)))
  })

  t.test('NestJS', async t => {
    const code = transpiled(block(PAGE, 'NestFactory').code.replace('listen(3000)', 'listen(0)'))
    await tellStory(t, await started(t, folder, `${code}\nprocess.send(app.getHttpServer().address().port)\n`))
  })

  t.test('Koa', async t => {
    await tellStory(t, await started(t, folder, expressServer(block(PAGE, 'new Koa()').code)))
  })

  t.test('Hono on Node.js', async t => {
    const code = transpiled(block(PAGE, 'new Hono').code.replace('port: 3000 })', 'port: 0 }, ({ port }) => process.send(port))'))
    await tellStory(t, await started(t, folder, code))
  })

  t.test('Next.js with a custom server', async t => {
    const site = nextFolder(t)
    writeFiles(site, page(PAGE).blocks.filter(({ code }) => code.startsWith('// pages/vault.js')))
    const ask = await started(t, site, expressServer(block(PAGE, 'site.prepare()').code))
    await ask('POST', '/login', { username: 'alice' })
    const refused = await ask('GET', '/vault')
    t.equal(refused.status, 307)
    t.equal(refused.headers.get('location'), '/second-step?because=ERR_TOTP_NOT_ENROLLED')
    await enrolled(ask)
    t.match(await ask('GET', '/vault'), { status: 200, text: />gold</ })
  })

  t.test('API routes of Next.js', async t => {
    const site = nextFolder(t)
    const files = page(PAGE).blocks.filter(({ code }) => /^\/\/ (?:totp|pages\/api\/.*)\.js\n/.test(code))
    t.equal(files.length, 5)
    writeFiles(site, files)
    const ask = await started(t, site, `
      import { createServer } from 'node:http'
      import next from 'next'
      const site = next({ dev: true })
      await site.prepare()
      const server = createServer(site.getRequestHandler()).listen(0, () => process.send(server.address().port))`)
    await tellStory(t, async (method, path, ...rest) => await ask(method, `/api${path}`, ...rest))
  })

  t.test('SvelteKit', async t => {
    const site = applicationFolder(t, ['express', 'express-session'])
    linkPackages(site, WEB_RECIPES, ['@sveltejs/kit', '@sveltejs/adapter-node', 'svelte', 'vite'])
    writeFiles(site, page(PAGE).blocks.filter(({ code }) => code.startsWith('// src/routes/vault')))
    writeFiles(site, KIT.map(code => ({ code })))
    const { NODE_OPTIONS, ...env } = process.env
    const vite = join(WEB_RECIPES, 'vite', 'bin', 'vite.js')
    execFileSync(process.execPath, [vite, 'build'], { cwd: site, env, stdio: ['ignore', 'ignore', 'pipe'] })
    const ask = await started(t, site, expressServer(block(PAGE, './build/handler.js').code))
    await ask('POST', '/login', { username: 'alice' })
    const refused = await ask('GET', '/vault')
    t.equal(refused.status, 303)
    t.equal(refused.headers.get('location'), '/second-step?because=ERR_TOTP_NOT_ENROLLED')
    t.match(await ask('GET', '/vault/__data.json'), { text: /second-step/ })
    await enrolled(ask)
    t.match(await ask('GET', '/vault'), { status: 200, text: /<p>gold/ })
  })
})

/** A folder for a site of Next.js, which is large. */
function nextFolder (t: Test): string {
  const folder = applicationFolder(t, ['express', 'express-session'])
  linkPackages(folder, WEB_RECIPES, ['next', 'react', 'react-dom', 'iron-session'])
  // It compiles no files outside of this root, and the links lead there.
  writeFileSync(join(folder, 'next.config.js'), 'export default { turbopack: { root: "/" } }')
  return folder
}

/** Writes files whose first line is their path. */
function writeFiles (folder: string, files: ReadonlyArray<Pick<Block, 'code'>>): void {
  for (const { code } of files) {
    const [, path = ''] = /^(?:\/\/|<!--) (\S+)/.exec(code) ?? []
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), code)
  }
}
