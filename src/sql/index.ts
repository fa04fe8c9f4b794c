export { registerSqlFunctions } from './register.js'
export { checkedConnection, type SqlConnection } from './sql-connection.js'
