import './provider.js'
import '../invariants/approvals.test.js'
