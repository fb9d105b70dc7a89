import './provider.js'
import '../invariants/unverified.test.js'
