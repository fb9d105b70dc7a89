import './provider.js'
import '../invariants/recording.test.js'
