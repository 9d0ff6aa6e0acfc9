// SPDX-License-Identifier: GPL-2.0
/*
 * Keys and MACs of the frames that open and resume a session, through the kernel's
 * crypto API.
 */
#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <linux/err.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "auth.h"
#include "kunit_export.h"

/* A transform, which holds the key of one MAC at a time.  It is everybody's: who has it locked
 * is not preempted, for a process may be of little priority, or may have used up its share.
 */
struct rsess_hmac {
	spinlock_t		lock;	/* who uses @tfm */
	struct crypto_shash	*tfm;
};

/* One for each processor.  They are made once: a resume must neither wait for a module nor
 * for memory.
 */
static struct rsess_hmac __percpu *rsess_hmac;

/* What goes into a MAC, piece by piece. */
struct rsess_auth_part {
	const void	*data;
	unsigned int	len;
};

/* Nothing of the key is left afterwards. */
static int rsess_auth_mac_by(struct crypto_shash *tfm, const u8 *key,
			     unsigned int key_len,
			     const struct rsess_auth_part *part, int n, u8 *mac)
{
	static const u8 none[RSESS_WIRE_MAC_LEN];
	SHASH_DESC_ON_STACK(desc, tfm);
	int i, err;

	desc->tfm = tfm;
	err = crypto_shash_setkey(tfm, key, key_len) ?: crypto_shash_init(desc);
	for (i = 0; i < n && !err; i++)
		err = crypto_shash_update(desc, part[i].data, part[i].len);
	if (!err)
		err = crypto_shash_final(desc, mac);
	shash_desc_zero(desc);
	return crypto_shash_setkey(tfm, none, sizeof(none)) ?: err;
}

/* MACs are for those who open and resume; this is not in the path of data. */
static int rsess_auth_mac(const u8 *key, unsigned int key_len,
			  const struct rsess_auth_part *part, int n, u8 *mac)
{
	/* Whose it is does not matter, only that it is not that of all. */
	struct rsess_hmac *hmac = raw_cpu_ptr(rsess_hmac);
	int err;

	spin_lock(&hmac->lock);
	err = rsess_auth_mac_by(hmac->tfm, key, key_len, part, n, mac);
	spin_unlock(&hmac->lock);
	return err;
}

/**
 * rsess_auth_secret() - the secret of a session
 * @dialer_key: key in HELLO
 * @acceptor_key: key in WELCOME
 * @psk: pre-shared key; without it, who saw the two others knows the secret
 * @id: the session
 * @secret: %RSESS_WIRE_MAC_LEN bytes
 *
 * Context: may sleep.
 * Return: 0 or a negative errno of the crypto API.
 */
int rsess_auth_secret(const u8 *dialer_key, const u8 *acceptor_key,
		      const struct rsess_psk *psk, const u8 *id, u8 *secret)
{
	static const char label[15] __nonstring = "rsess-v1-resume";
	const struct rsess_auth_part part[] = {
		{ label, sizeof(label) },
		{ id, RSESS_WIRE_ID_LEN },
	};
	u8 key[2 * RSESS_WIRE_KEY_LEN + RSESS_PSK_MAX];
	int err;

	memcpy(key, dialer_key, RSESS_WIRE_KEY_LEN);
	memcpy(key + RSESS_WIRE_KEY_LEN, acceptor_key, RSESS_WIRE_KEY_LEN);
	memcpy(key + 2 * RSESS_WIRE_KEY_LEN, psk->key, psk->len);
	err = rsess_auth_mac(key, 2 * RSESS_WIRE_KEY_LEN + psk->len, part,
			     ARRAY_SIZE(part), secret);
	memzero_explicit(key, sizeof(key));
	return err;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_auth_secret);

/**
 * rsess_auth_hello() - the MAC of a HELLO
 * @psk: pre-shared key
 * @hdr: header as on the wire
 * @p: payload up to the TLV of the MAC
 * @len: its bytes
 * @mac: %RSESS_WIRE_MAC_LEN bytes
 *
 * Context: may sleep.
 * Return: 0 or a negative errno of the crypto API.
 */
int rsess_auth_hello(const struct rsess_psk *psk, const u8 *hdr, const u8 *p,
		     u32 len, u8 *mac)
{
	const struct rsess_auth_part part[] = {
		{ "hello--c", 8 },
		{ hdr, RSESS_HDR_LEN },
		{ p, len },
	};

	return rsess_auth_mac(psk->key, psk->len, part, ARRAY_SIZE(part), mac);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_auth_hello);

/**
 * rsess_auth_welcome() - the MAC of a WELCOME
 * @secret: of the session
 * @hdr: header as on the wire
 * @p: payload up to the TLV of the MAC
 * @len: its bytes
 * @mac: %RSESS_WIRE_MAC_LEN bytes
 *
 * Context: may sleep.
 * Return: 0 or a negative errno of the crypto API.
 */
int rsess_auth_welcome(const u8 *secret, const u8 *hdr, const u8 *p, u32 len,
		       u8 *mac)
{
	const struct rsess_auth_part part[] = {
		{ "hello--s", 8 },
		{ hdr, RSESS_HDR_LEN },
		{ p, len },
	};

	return rsess_auth_mac(secret, RSESS_WIRE_MAC_LEN, part,
			      ARRAY_SIZE(part), mac);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_auth_welcome);

/**
 * rsess_auth_proof() - what shows that the dialer's HELLO was no recording
 * @secret: of the session
 * @proof: sizeof(struct rsess_wire_ping) bytes
 *
 * Context: may sleep.
 * Return: 0 or a negative errno of the crypto API.
 */
int rsess_auth_proof(const u8 *secret, u8 *proof)
{
	const struct rsess_auth_part part = { "proof--c", 8 };
	u8 mac[RSESS_WIRE_MAC_LEN];
	int err;

	err = rsess_auth_mac(secret, RSESS_WIRE_MAC_LEN, &part, 1, mac);
	memcpy(proof, mac, sizeof(struct rsess_wire_ping));
	return err;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_auth_proof);

/**
 * rsess_auth_resume() - the MAC of a RESUME
 * @secret: of the session
 * @hdr: header, not masked
 * @r: payload, not masked; its mac is not looked at
 * @mac: %RSESS_WIRE_MAC_LEN bytes
 *
 * Context: may sleep.
 * Return: 0 or a negative errno of the crypto API.
 */
int rsess_auth_resume(const u8 *secret, const u8 *hdr,
		      const struct rsess_wire_resume *r, u8 *mac)
{
	const struct rsess_auth_part part[] = {
		{ "resume-c", 8 },
		{ hdr, RSESS_HDR_LEN },
		{ r, offsetof(struct rsess_wire_resume, mac) },
	};

	return rsess_auth_mac(secret, RSESS_WIRE_MAC_LEN, part,
			      ARRAY_SIZE(part), mac);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_auth_resume);

/**
 * rsess_auth_mask() - make a RESUME unreadable to strangers, or readable again
 * @secret: of the session
 * @hdr: header, as on the wire but for what is masked: its offsets
 * @r: payload; its epoch is masked, nothing else of it
 *
 * A RESUME is sent before it is known who is there.  The peer chooses what it acknowledges,
 * and how often it is resumed; by that a process whose session is with itself would have
 * the kernel say to a host what it must not say itself.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno of the crypto API.
 */
int rsess_auth_mask(const u8 *secret, u8 *hdr, struct rsess_wire_resume *r)
{
	const struct rsess_auth_part part[] = {
		{ "resume-m", 8 },
		{ r->id, sizeof(r->id) },
		{ r->nonce, sizeof(r->nonce) },
	};
	u8 mask[RSESS_WIRE_MAC_LEN];
	int i, err;

	err = rsess_auth_mac(secret, RSESS_WIRE_MAC_LEN, part,
			     ARRAY_SIZE(part), mask);
	if (err)
		return err;
	for (i = 0; i < RSESS_MASKED_LEN; i++)
		hdr[RSESS_HDR_LEN - RSESS_MASKED_LEN + i] ^= mask[i];
	for (i = 0; i < sizeof(r->epoch); i++)
		((u8 *)&r->epoch)[i] ^= mask[RSESS_MASKED_LEN + i];
	return 0;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_auth_mask);

/**
 * rsess_auth_resumed() - the MAC of a RESUMED
 * @secret: of the session
 * @hdr: header as on the wire
 * @id: the session
 * @epoch: of the RESUME
 * @dialer_nonce: of the RESUME
 * @acceptor_nonce: of the RESUMED
 * @mac: %RSESS_WIRE_MAC_LEN bytes
 *
 * Context: may sleep.
 * Return: 0 or a negative errno of the crypto API.
 */
int rsess_auth_resumed(const u8 *secret, const u8 *hdr, const u8 *id,
		       __be32 epoch, const u8 *dialer_nonce,
		       const u8 *acceptor_nonce, u8 *mac)
{
	const struct rsess_auth_part part[] = {
		{ "resume-s", 8 },
		{ hdr, RSESS_HDR_LEN },
		{ id, RSESS_WIRE_ID_LEN },
		{ &epoch, sizeof(epoch) },
		{ dialer_nonce, RSESS_WIRE_NONCE_LEN },
		{ acceptor_nonce, RSESS_WIRE_NONCE_LEN },
	};

	return rsess_auth_mac(secret, RSESS_WIRE_MAC_LEN, part,
			      ARRAY_SIZE(part), mac);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_auth_resumed);

/**
 * rsess_auth_equal() - compare two MACs in constant time
 * @a: one
 * @b: other
 *
 * Return: are they equal?
 */
bool rsess_auth_equal(const u8 *a, const u8 *b)
{
	return !crypto_memneq(a, b, RSESS_WIRE_MAC_LEN);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_auth_equal);

static int rsess_hmac_init(struct rsess_hmac *hmac)
{
	struct crypto_shash *tfm = crypto_alloc_shash("hmac(sha256)", 0, 0);

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	spin_lock_init(&hmac->lock);
	hmac->tfm = tfm;
	return 0;
}

/**
 * rsess_auth_init() - make the transforms
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_auth_init(void)
{
	int cpu, err = 0;

	rsess_hmac = alloc_percpu(struct rsess_hmac);
	if (!rsess_hmac)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		err = rsess_hmac_init(per_cpu_ptr(rsess_hmac, cpu));
		if (err) {
			rsess_auth_exit();
			break;
		}
	}
	return err;
}

/**
 * rsess_auth_exit() - undo rsess_auth_init(), also one that did not get far
 *
 * Context: may sleep.
 */
void rsess_auth_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		crypto_free_shash(per_cpu_ptr(rsess_hmac, cpu)->tfm);
	free_percpu(rsess_hmac);
}
