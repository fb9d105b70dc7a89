import { mapSite } from '../map-site.js'
import { serveVaults } from './vaults.js'

const { app, visits, floor } = await mapSite()
await serveVaults(app, async () => visits, { hook: async () => {}, floor })
