"""TLS in front of a server of clear text, with certificates and keys made on the spot."""

import base64
import contextlib
import datetime
import http.server
import ipaddress
import json
import socket
import ssl
import threading
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
CHUNK_BYTES = 64 << 10


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """Signs the certificate of a server on this machine."""

    def __init__(self, folder, name):
        self.name = name_of(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        self.save(self.file, self.sign(self.name, self.key, ca=True))

    def sign(self, subject, key, *, ca):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        if not ca:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def server_file(self, folder):
        """A file with a server's key and certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        path = folder / "server.pem"
        self.save(path, self.sign(name_of("localhost"), key, ca=False))
        with open(path, "ab") as file:
            file.write(pem(key))
        return path

    @staticmethod
    def save(path, certificate):
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def service_account(path, **more):
    """A key file of an account that signs its own tokens; more: further fields."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    account = {
        "type": "service_account",
        "client_email": "me@project.example",
        "private_key_id": "1",
        "private_key": pem(key).decode(),
        **more,
    }
    path.write_text(json.dumps(account))
    return path


class TokenServer:
    """Gives a token for each signed claim, or refuses; keeps what was claimed."""

    def __init__(self, refuse=False):
        self.claims = []
        taken = self.claims

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                assertion = urllib.parse.parse_qs(form)["assertion"][0]
                claim = assertion.split(".")[1]
                taken.append(json.loads(base64.urlsafe_b64decode(claim + "=" * (-len(claim) % 4))))
                answer = {"access_token": "secret", "token_type": "Bearer", "expires_in": 3600}
                if refuse:
                    answer = {"error": "invalid_grant", "error_description": "no such account"}
                body = json.dumps(answer).encode()
                self.send_response(400 if refuse else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def carry(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class SecuredServer:
    """Takes TLS on a port of its own and hands what comes to a port in clear text."""

    def __init__(self, server_file, port):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(server_file)
        self.context.set_alpn_protocols(["h2"])
        self.behind = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"localhost:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(accepted,), daemon=True).start()

    def serve(self, accepted):
        # a client that trusts another authority ends the handshake
        with contextlib.suppress(OSError):
            front = self.context.wrap_socket(accepted, server_side=True)
            back = socket.create_connection(("127.0.0.1", self.behind))
            threading.Thread(target=carry, args=(back, front), daemon=True).start()
            carry(front, back)

    def close(self):
        self.listener.close()
