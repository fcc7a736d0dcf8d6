// The device flow by openid-client as it comes: prints the codes, polls, refreshes, verifies both tokens by JWKS.
// With the second argument "bound" the tokens are bound to a key (DPoP), and the codes to a verifier (PKCE).
import * as client from 'openid-client'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [issuer, bound] = process.argv.slice(2)
const config = await client.discovery(new URL(issuer), 'tillpass-pos', undefined, client.None(), {
  algorithm: 'oauth2',
  execute: [client.allowInsecureRequests],
})
const asked = { scope: 'license' }
const shown = {}
const options = {}
if (bound === 'bound') {
  options.DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  asked.dpop_jkt = await options.DPoP.calculateThumbprint()
  shown.code_verifier = client.randomPKCECodeVerifier()
  asked.code_challenge = await client.calculatePKCECodeChallenge(shown.code_verifier)
  asked.code_challenge_method = 'S256'
}

const codes = await client.initiateDeviceAuthorization(config, asked)
console.log(JSON.stringify({ user_code: codes.user_code }))

const tokens = await client.pollDeviceAuthorizationGrant(config, codes, shown, options)
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options)

const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))
const ours = { issuer: config.serverMetadata().issuer, algorithms: ['ES256'] }
const license = await jwtVerify(refreshed.license_token, keys, { ...ours, audience: 'pos_client', typ: 'license+jwt' })
const access = await jwtVerify(refreshed.access_token, keys, { ...ours, audience: 'license_service', typ: 'at+jwt' })
console.log(
  JSON.stringify({
    refreshed: refreshed.refresh_token !== tokens.refresh_token,
    token_type: refreshed.token_type,
    license: license.payload,
    bound: access.payload.cnf !== undefined && access.payload.cnf.jkt === asked.dpop_jkt,
  }),
)
