"""The emails: one folder per template, named as in the message. A folder holds subject.txt, body.txt and body.html."""
