#!/bin/sh
# Saves what stacktally reads of one stamp: the usage that was reported on one UTC day, and one snapshot each of the registration,
# of its customer subscriptions and of the stamp's user subscriptions. Needs curl, jq and the Azure CLI, which is signed in.
#
# The answers are saved byte for byte as they come: `az rest` would print each quantity again, with other digits.
set -eu
: "${ROOT:?set it to the root folder, such as /srv/usage}"
: "${STAMP:?set it to the name of the stamp, such as zurich}"
: "${DOMAIN:?set it to the domain of the stamp, such as zurich.example.com}"
: "${PROVIDER:?set it to the id of the Default Provider Subscription of the stamp}"
: "${REGISTRATION:?set it to the id of the registration resource: /subscriptions/…/registrations/…}"
: "${STACK_AUDIENCE:?set it to the audience of the stamp: loginEndpoint and audience stand in https://adminmanagement.DOMAIN/metadata/endpoints?api-version=2015-01-01}"
# The Azure CLI keeps one sign-in in each of these folders: one for the stamp, one for Azure.
STACK_CONFIG=${STACK_CONFIG:-$HOME/.azure-stack}
AZURE_CONFIG=${AZURE_CONFIG:-$HOME/.azure}
DAY=${DAY:-$(date -u -d yesterday +%F)}
NEXT=$(date -u -d "$DAY + 1 day" +%F)
TODAY=$(date -u +%F)

# Saves all pages of an answer as the folder $2. Until it is whole, its name begins with a dot, and stacktally skips it.
fetch() {
    url=$1 folder=$2 config=$3 audience=$4
    if [ -e "$folder" ]; then
        echo "$folder is there already: remove it to fetch it again" >&2
        return
    fi
    new=$(dirname "$folder")/.new-$(basename "$folder")
    rm -rf "$new"
    mkdir -p "$new"
    page=1
    while [ -n "$url" ]; do
        file=$new/page-$(printf %04d "$page").json
        token=$(AZURE_CONFIG_DIR=$config az account get-access-token --resource "$audience" --query accessToken --output tsv)
        # The token comes from standard input, so that no list of processes shows it.
        printf 'Authorization: Bearer %s\n' "$token" |
            curl --fail-with-body --silent --show-error --retry 3 --header @- --output "$file" "$url"
        url=$(jq --raw-output '.nextLink // .NextLink // empty' "$file")
        page=$((page + 1))
    done
    mv "$new" "$folder"
}

stack=https://adminmanagement.$DOMAIN/subscriptions/$PROVIDER/providers
fetch "$stack/Microsoft.Commerce.Admin/subscriberUsageAggregates?reportedStartTime=${DAY}T00%3A00%3A00Z&reportedEndTime=${NEXT}T00%3A00%3A00Z&aggregationGranularity=Hourly&api-version=2015-06-01-preview" \
    "$ROOT/$STAMP/usage/$DAY" "$STACK_CONFIG" "$STACK_AUDIENCE"
fetch "$stack/Microsoft.Subscriptions.Admin/subscriptions?api-version=2015-11-01" \
    "$ROOT/$STAMP/user-subscriptions/$TODAY" "$STACK_CONFIG" "$STACK_AUDIENCE"
azure=https://management.azure.com$REGISTRATION
fetch "$azure?api-version=2017-06-01" \
    "$ROOT/$STAMP/registration/$TODAY" "$AZURE_CONFIG" https://management.azure.com/
fetch "$azure/customerSubscriptions?api-version=2017-06-01" \
    "$ROOT/$STAMP/customer-subscriptions/$TODAY" "$AZURE_CONFIG" https://management.azure.com/
