"""What training by reward brings: the variants of LangPTune side by side, with guards, seeds and paired tests."""
