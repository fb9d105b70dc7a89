import { serveBare } from './by-hand.js'

await serveBare()
