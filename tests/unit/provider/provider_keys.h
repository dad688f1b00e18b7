/*
 * Keys of a provider that is not there, made for these tests with the npm package jose 6 (which
 * oidc-provider signs with), and an ID token that jose signed with each: of
 * https://id.town.example, for the client tocsin, subject ann, nonce n, iat 1800000000, five
 * minutes long. JSON has ' for ".
 */
#pragma once

static const char ED_PRIVATE[] =
    "{'crv':'Ed25519','d':'xBcbBeU5sNwu13d6G6fCbdFaUEkhHaz3lcojmKqzZuI','x':'KYp2kjqP"
    "NHMjD9X_XJuHLN2wrT91YbXN57nYlQHHg90','kty':'OKP','kid':'ed'}";
static const char ED_PUBLIC[] =
    "{'crv':'Ed25519','x':'KYp2kjqPNHMjD9X_XJuHLN2wrT91YbXN57nYlQHHg90','kty':'OKP','"
    "kid':'ed','use':'sig'}";
static const char EC_PRIVATE[] =
    "{'kty':'EC','x':'Vpq3tjRjR_v270RhwrjsojwCf6Ywn877jKRjw8JPBy8','y':'cdnShK2uMgUxv"
    "GjSW43RabUD1zNF7mLwu0zMU2QZ5-w','crv':'P-256','d':'JfpHaqHFKqzovX5_f9yJrMT3STEP-"
    "PqOG3g7n3oV8oo','kid':'ec'}";
static const char EC_PUBLIC[] =
    "{'kty':'EC','x':'Vpq3tjRjR_v270RhwrjsojwCf6Ywn877jKRjw8JPBy8','y':'cdnShK2uMgUxv"
    "GjSW43RabUD1zNF7mLwu0zMU2QZ5-w','crv':'P-256','kid':'ec','use':'sig'}";
static const char RSA_PRIVATE[] =
    "{'kty':'RSA','n':'8jLz5xDX_bghYU85icovGbkeMox-e0W5Dg2a0Uv1smnj61c2RomowkJeTUFxin"
    "Tw63gnRZBYPWJlalPB9242kWR8Z1Jqm8ylVlMlp5H_L5A_Vt_9-4t6vXirA40x6puQ8Hi4zrZIb2Z4ox"
    "xhaewPj5GQsrNRVHjyfk7PDCLZfhiZNf3McpILpEQZbIEQEqoIzj5gsv33s75PF_6UPxs_RqZ07qciiw"
    "RflMoHIJn1JRCh0NtUFQMX-Wyd7kSuHtnOX8pC_nBcBFbSggRGPhT_q_U9De_Yv7AZhFmodgDZZcJqjt"
    "yQ_H-6n5HG0TBCk5-hsC0ayzlinBtPct5nPPWerw','e':'AQAB','d':'CHFPQDw9kzoSa85zroJuPu"
    "LNkyyDki99gmhl_6q6r1PynncFTNMqn07p855240EtTr_6-nlMIiOmblzqE4Jzg4DxtzZPwguRrd8rHl"
    "q__vvzwUcAlv6nMiidKXwIA-oVVNSYeJgxETUMun7YRHV2m2YTGa-Xg67NoSqFHCKw2yzV-jZFHyjAbN"
    "od7puiY-MZsQFznJtEW7-SLg-EUzM_5Um1naiQ_ZJp_iLpRuagygIzvemFHrHZb49Uu3jUiFm35qskkC"
    "epsB_Aj9dMMkkaoVK_FYPB71x8fmlCPi8qwuHEOBRvZJgVuUzUDZ8my7ZBokqqmiIoYHa_2CApzSHtXQ"
    "','p':'-hvOx7LpfTqT_t2d33Nuk30Y8ZYxasErSO2AXKY6M-_uxkVXD8b-_KJmDUuDYwjDf17Rgwf07"
    "e4xnSUU1xrCaOj9zMCNcZUL4vzwfmaCBxdXq0nn5wUrZN1XVb4-mscsKoaP5sfUHfUvA_HPC5YRVSJat"
    "VYc5jv3RHEIP3vxEE0','q':'9-dy8fyTtCpQQtF_2W_xttwj2h9yLbH62vPJMqRpsK2p9zwXIV-9C3q"
    "NulDQAgru3Uq7bWfwZdZ6APnepvptF_zRJHYAvb8yp2YqId9idWxJtAbWFVmm2BMeQ8OlrO_FXB7cuG8"
    "cpPiKnWTuh_gAyP2fpS-MmapduBjdKs1uSOs','dp':'Y5_aAQ_SE7DWrKmoLg6z2An3epvB-W0Sic0Y"
    "2U7ZVkDXUqDiKgWxIf6qOdd_cV5XSRAC0nfD51Z-6sKPh5NAJzvPhNSaQskE4BiyzxaT6rEwmakpt4sG"
    "mvnTxPKvy0VU4WeSQHIOmxRD8wVJ3KqdItU5Xov7nPX764Y-q9L51e0','dq':'DPKyxz7Y_B0FqifFF"
    "LdLGbDv0nG4Bfj40DzRcmqx9n9rlDU4RA77EcFp66RS6PhnN3myxmkaXkdQggKLBY-o6QrUZaIgMcjtv"
    "V6Rrsk7HET2qId-4QiYtUpyVzm9yoWPeltGTf_HsDonC0d9Se7DI7xTfU45esEyOe5ahuTJ8Nc','qi'"
    ":'mNEOT0bvjuqAwokKkuPTZOVjdADfc_XISDuSF-MOn0sb1ludAT2lT3rEe25MKg_mWCtfdeqAJAHldf"
    "gF_Y8QkC-BeYKFYdYteTevufBqp8fs7GhLAxgCu3SMC-VVP-DHbZj_o1197SkOLvv6K1tmguBnuczXA4"
    "1vAApXGCe_dHk','kid':'rsa'}";
static const char RSA_PUBLIC[] =
    "{'kty':'RSA','n':'8jLz5xDX_bghYU85icovGbkeMox-e0W5Dg2a0Uv1smnj61c2RomowkJeTUFxin"
    "Tw63gnRZBYPWJlalPB9242kWR8Z1Jqm8ylVlMlp5H_L5A_Vt_9-4t6vXirA40x6puQ8Hi4zrZIb2Z4ox"
    "xhaewPj5GQsrNRVHjyfk7PDCLZfhiZNf3McpILpEQZbIEQEqoIzj5gsv33s75PF_6UPxs_RqZ07qciiw"
    "RflMoHIJn1JRCh0NtUFQMX-Wyd7kSuHtnOX8pC_nBcBFbSggRGPhT_q_U9De_Yv7AZhFmodgDZZcJqjt"
    "yQ_H-6n5HG0TBCk5-hsC0ayzlinBtPct5nPPWerw','e':'AQAB','kid':'rsa','use':'sig'}";
static const char SHORT_PUBLIC[] =
    "{'kty':'RSA','n':'1YbEr5WnE6ESmsM6uFhunacUr-wPOEPxDkQMEm1MoMS7d9hBXrV7W-X1HCj5FG"
    "urSTIX9LmsaK6iOluTiPTQGus_gyceZ3dfhmuvazxJztnoYXRcr_2MiCrMXlRDDn7JVB3-OH7bMq0kyT"
    "62siV7fMPghuCzepFw_UdsKP_gfvE','e':'AQAB','kid':'short'}";
static const char EDDSA_TOKEN[] =
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2lkLnRv"
    "d24uZXhhbXBsZSIsImF1ZCI6InRvY3NpbiIsInN1YiI6ImFubiIsImlhdCI6MTgwMDAwMDAwMCwiZXhw"
    "IjoxODAwMDAwMzAwLCJub25jZSI6Im4ifQ.3t0ASOFLduicnkcjX97ckd6Bc3e0TN-DRKLEUCcphof0o"
    "XvEb4tXb8szW60h7IyfTdnEtpBwstP5tqPxFfB7BQ";
static const char ES256_TOKEN[] =
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2lkLnRv"
    "d24uZXhhbXBsZSIsImF1ZCI6InRvY3NpbiIsInN1YiI6ImFubiIsImlhdCI6MTgwMDAwMDAwMCwiZXhw"
    "IjoxODAwMDAwMzAwLCJub25jZSI6Im4ifQ.pcC0a5FH98mcObdD949lgujMrE_jl-GmkaETuTIBoW7CH"
    "GPSIINXI-bgGfSIbfGM-3HpdB8gG0GpBrRpdoolUQ";
static const char RS256_TOKEN[] =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLnR"
    "vd24uZXhhbXBsZSIsImF1ZCI6InRvY3NpbiIsInN1YiI6ImFubiIsImlhdCI6MTgwMDAwMDAwMCwiZXh"
    "wIjoxODAwMDAwMzAwLCJub25jZSI6Im4ifQ.pzW067uOJNEsISCjmph_mZNl6obXksrIQSLONhZgLMnI"
    "yPRdVaRUa-F_3r8iQ97dV_5XWueq38LrsemncxB4T1_ps0Qr1aJrkrQVfjietT4LUkwvhQt04lDteffi"
    "Wi55TDCcwAOnVzARzbpICervA4l_A53B59fMMDWZfVKdrifu4-t4RwUdJHjbNQPMNywuUjN2KhTIfxOJ"
    "HkbR4oey6qnmrPE8MOJrV0EJ9R7LZ-5AZjgF-_ZYo2M-x2GILRDniOW_EFUh641Jay8A39JAhmM_xu50"
    "RS-2nrxuGLPTbe_4TNyGj5IaIkYvP2ufTm9pprX6bVkwSfYiS2cpU9uDdg";
static const char PS256_TOKEN[] =
    "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLnR"
    "vd24uZXhhbXBsZSIsImF1ZCI6InRvY3NpbiIsInN1YiI6ImFubiIsImlhdCI6MTgwMDAwMDAwMCwiZXh"
    "wIjoxODAwMDAwMzAwLCJub25jZSI6Im4ifQ.QuSmkdCNR5cT3q-0TK6DTwZ0RiMHYr5QXyI3ImpNo073"
    "IKX6U8OYzHL0qVI0syWGJY8zqBWUqymB5UDAGA-2wJtz9Pic2SOH6Ak4pI3BWAmX7bTcIfxv5XljG0_A"
    "pn2jHLQkapqDv0vPNqLxjsbPQwGTfhck7x68DZLq3bW9_8AUeNelPMtjNw7PE59F9FatzfJbufKV5vK2"
    "ML_06MnpK-GEScleC7KZhDgZZOdj5dkE3Rmd_jKPgU2TuXxg1C-Yh8LOhmabDeTy39rt18EAi7Gmntc7"
    "qBBHU0FcVHEu-urNExP7ZeaLo6000b0tHuAP4P6uWKlYaLptxAVORIloYQ";
