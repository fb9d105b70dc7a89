import './provider.js'
import '../invariants/single-use.test.js'
