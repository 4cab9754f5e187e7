### The certificate under which other machines reach this node.

certificate-title = Fingerprint of the certificate
certificate-explained = At the first visit the browser of a colleague does not know this node, and asks whether to trust it. The colleague opens the details of the certificate and reads the SHA-256 fingerprint: it must be this one, digit by digit, by telephone if need be. Otherwise, enter neither name nor password.
certificate-plain = This address speaks HTTPS. Write https:// before the address.
