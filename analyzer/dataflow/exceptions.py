"""Which exceptions a handler catches: the platform's exception classes, and those of the app."""

from analyzer.dex import Program

THROWABLE = "Ljava/lang/Throwable;"
_CATCH_ANYTHING = frozenset({THROWABLE, "Ljava/lang/Exception;"})

_TREE = """
java.lang.Throwable
 java.lang.Error
  java.lang.AssertionError
  java.lang.LinkageError
   java.lang.NoClassDefFoundError
 java.lang.Exception
  java.io.IOException
   java.io.FileNotFoundException
   java.io.UnsupportedEncodingException
   java.net.MalformedURLException
   java.net.UnknownHostException
   java.net.SocketException
   javax.net.ssl.SSLException
    javax.net.ssl.SSLHandshakeException
    javax.net.ssl.SSLPeerUnverifiedException
    javax.net.ssl.SSLProtocolException
    javax.net.ssl.SSLKeyException
  java.util.concurrent.ExecutionException
  java.util.concurrent.TimeoutException
  java.security.GeneralSecurityException
   java.security.cert.CertificateException
    java.security.cert.CertificateExpiredException
    java.security.cert.CertificateNotYetValidException
    java.security.cert.CertificateEncodingException
    java.security.cert.CertificateParsingException
    java.security.cert.CertificateRevokedException
   java.security.cert.CertPathValidatorException
   java.security.cert.CertPathBuilderException
   java.security.cert.CRLException
   java.security.NoSuchAlgorithmException
   java.security.NoSuchProviderException
   java.security.KeyStoreException
   java.security.UnrecoverableKeyException
   java.security.InvalidAlgorithmParameterException
   java.security.SignatureException
   java.security.DigestException
   java.security.KeyException
    java.security.InvalidKeyException
    java.security.KeyManagementException
   java.security.spec.InvalidKeySpecException
   javax.crypto.NoSuchPaddingException
   javax.crypto.BadPaddingException
  java.lang.CloneNotSupportedException
  java.lang.InterruptedException
  java.lang.ReflectiveOperationException
   java.lang.ClassNotFoundException
   java.lang.NoSuchMethodException
   java.lang.NoSuchFieldException
   java.lang.IllegalAccessException
   java.lang.InstantiationException
   java.lang.reflect.InvocationTargetException
  android.content.pm.PackageManager$NameNotFoundException
  javax.security.auth.login.LoginException
  org.json.JSONException
  java.text.ParseException
  java.net.URISyntaxException
  java.lang.RuntimeException
   java.lang.ArithmeticException
   java.lang.ArrayStoreException
   java.lang.ClassCastException
   java.lang.IllegalArgumentException
    java.lang.NumberFormatException
   java.lang.IllegalStateException
   java.lang.IndexOutOfBoundsException
    java.lang.ArrayIndexOutOfBoundsException
    java.lang.StringIndexOutOfBoundsException
   java.lang.NegativeArraySizeException
   java.lang.NullPointerException
   java.lang.SecurityException
   java.lang.UnsupportedOperationException
   java.util.NoSuchElementException
   java.util.ConcurrentModificationException
"""
"""Java SE 8 and android.jar; one space of indentation per level below."""


def _read_tree() -> dict[str, str]:
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in _TREE.strip("\n").split("\n"):
        depth = len(line) - len(line.lstrip(" "))
        name = f"L{line.strip().replace('.', '/')};"
        del above[depth:]
        if above:
            parents[name] = above[-1]
        above.append(name)
    return parents


_PARENTS = _read_tree()


def supertypes(program: Program, exception: str) -> tuple[str, ...]:
    """Return an exception and the classes above it, up to where they are known; bounded by the two hierarchies."""
    found: dict[str, None] = {}
    current: str | None = exception
    while current is not None and current not in found:
        found[current] = None
        definition = program.find_class(current)
        current = _PARENTS.get(current) if definition is None else definition.superclass
    return tuple(found)


def catches(program: Program, handler: str | None, exception: str) -> bool | None:
    """Say whether a handler for `handler` (None: everything) catches an exception whose class is `exception` or below.

    None means perhaps: the handler is for a subclass, or what is above the exception is not known.
    """
    if handler is None or handler == THROWABLE:
        return True
    above = supertypes(program, exception)
    if handler in above:
        return True
    if above[-1] not in (THROWABLE, "Ljava/lang/Object;"):
        return True if handler in _CATCH_ANYTHING else None
    return None if exception in supertypes(program, handler) else False
