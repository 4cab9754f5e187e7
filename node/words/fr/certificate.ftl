### Le certificat sous lequel d'autres machines joignent ce poste.

certificate-title = Empreinte du certificat
certificate-explained = À la première visite, le navigateur d'un collègue ne connaît pas ce poste et demande s'il faut lui faire confiance. Que le collègue ouvre les détails du certificat et lise l'empreinte SHA-256 : elle doit être celle-ci, chiffre pour chiffre, par téléphone au besoin. Sinon, qu'il n'entre ni nom ni mot de passe.
certificate-plain = Cette adresse parle HTTPS. Écrivez https:// devant l'adresse.
