"""For, against or neither: what a sentence in anyone's words says about the things that it names."""
