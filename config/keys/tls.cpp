#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kTlsKeys[] = {
    {"ssl.client.auth", string, "none", one_of("none,requested,required"), none, per_broker,
     security, "Whether clients must show a certificate."},
    {"ssl.principal.mapping.rules", string, "DEFAULT", any(), none, per_broker, security,
     "Rules that turn a certificate's subject into a user name."},
    {"ssl.allow.dn.changes", boolean, "false", any(), none, per_broker, security,
     "Whether a new certificate may have another subject."},
    {"ssl.allow.san.changes", boolean, "false", any(), none, per_broker, security,
     "Whether a new certificate may have other alternative names."},
    {"ssl.protocol", string, "TLSv1.3", any(), none, per_broker, security,
     "Newest version of TLS that is offered."},
    {"ssl.enabled.protocols", list, "TLSv1.2,TLSv1.3", any(), none, per_broker, security,
     "Versions of TLS that are accepted."},
    {"ssl.keystore.type", string, "JKS", any(), none, per_broker, security,
     "Format of the file with the key."},
    {"ssl.keystore.location", string, kNull, any(), none, per_broker, security,
     "File with the key and its certificates."},
    {"ssl.keystore.password", password, kNull, any(), none, per_broker, security,
     "Password of the file with the key."},
    {"ssl.key.password", password, kNull, any(), none, per_broker, security,
     "Password of the private key."},
    {"ssl.keystore.key", password, kNull, any(), none, per_broker, security,
     "The private key itself, in PEM."},
    {"ssl.keystore.certificate.chain", password, kNull, any(), none, per_broker, security,
     "The certificates of the private key, in PEM."},
    {"ssl.truststore.type", string, "JKS", any(), none, per_broker, security,
     "Format of the file with trusted certificates."},
    {"ssl.truststore.location", string, kNull, any(), none, per_broker, security,
     "File with trusted certificates."},
    {"ssl.truststore.password", password, kNull, any(), none, per_broker, security,
     "Password of the file with trusted certificates."},
    {"ssl.truststore.certificates", password, kNull, any(), none, per_broker, security,
     "The trusted certificates themselves, in PEM."},
    {"ssl.endpoint.identification.algorithm", string, "https", any(), none, per_broker, security,
     "How a server's name is checked against its certificate; empty means not at all."},
    {"ssl.cipher.suites", list, "", any(), none, per_broker, security,
     "Cipher suites that are accepted."},
    {"ssl.provider", string, kNull, any(), none, per_broker, security,
     "Java security provider; there is none here."},
    {"ssl.keymanager.algorithm", string, "SunX509", any(), none, per_broker, security,
     "Java key manager; there is none here."},
    {"ssl.trustmanager.algorithm", string, "PKIX", any(), none, per_broker, security,
     "Java trust manager; there is none here."},
    {"ssl.secure.random.implementation", string, kNull, any(), none, per_broker, security,
     "Java random generator; there is none here."},
    {"ssl.engine.factory.class", class_name, kNull, any(), none, per_broker, security,
     "Plug-in that makes TLS engines."},
};

}  // namespace

std::span<const Key> tls_keys() {
    return kTlsKeys;
}

}  // namespace hw::config
