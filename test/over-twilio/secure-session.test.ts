import './provider.js'
import '../sessions/secure-session.test.js'
