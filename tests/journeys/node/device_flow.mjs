// The device flow by openid-client as it comes: prints the codes, polls, refreshes, verifies the license token by JWKS.
import * as client from 'openid-client'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const issuer = new URL(process.argv[2])
const config = await client.discovery(issuer, 'tillpass-pos', undefined, client.None(), {
  algorithm: 'oauth2',
  execute: [client.allowInsecureRequests],
})

const codes = await client.initiateDeviceAuthorization(config, { scope: 'license' })
console.log(JSON.stringify({ user_code: codes.user_code }))

const tokens = await client.pollDeviceAuthorizationGrant(config, codes)
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)

const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))
const license = await jwtVerify(refreshed.license_token, keys, {
  issuer: config.serverMetadata().issuer,
  audience: 'pos_client',
  typ: 'license+jwt',
  algorithms: ['ES256'],
})
await jwtVerify(refreshed.access_token, keys, {
  issuer: config.serverMetadata().issuer,
  audience: 'license_service',
  typ: 'at+jwt',
})
console.log(JSON.stringify({ refreshed: refreshed.refresh_token !== tokens.refresh_token, license: license.payload }))
