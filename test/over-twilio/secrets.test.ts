import './provider.js'
import '../invariants/secrets.test.js'
