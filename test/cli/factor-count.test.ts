import t from 'tap'
import { factorCount } from '../../src/cli/operations/factor-count.js'

t.test('factors are counted in words', async t => {
  t.same([0, 1, 2, 10].map(factorCount), ['no factor', '1 factor', '2 factors', '10 factors'])
})
