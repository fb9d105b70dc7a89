import './provider.js'
import '../round-trips.test.js'
