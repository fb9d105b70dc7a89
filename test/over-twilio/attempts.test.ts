import './provider.js'
import '../invariants/attempts.test.js'
