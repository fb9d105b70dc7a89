import './provider.js'
import '../http/secrecy.test.js'
