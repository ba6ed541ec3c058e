
BscoresJ(Сp;2**;Wn+;KО¦:~:;Хаз;sд†;lтМ;+C;…qw?